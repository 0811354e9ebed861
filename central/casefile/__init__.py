"""One case handed out as one file, for a court or another unit; its format is `evidence.case_file`'s."""
