"""Workers: threads whose run was cut off are found, and go on."""
