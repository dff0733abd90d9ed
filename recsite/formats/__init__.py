"""Write dates as 23 Nov 2026, 08:11. Found by FORMAT_MODULE_PATH."""
