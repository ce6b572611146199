"""Is the library sound?"""
