"""Two clients talk in a quiet room while something else happens to the server. See bench/README.md."""
