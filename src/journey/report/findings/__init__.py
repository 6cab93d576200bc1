"""What each chapter reports: one module a chapter turns results into numbers and tables."""
