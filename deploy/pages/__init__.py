"""The lessons as plain files: pages that play recorded runs, from any web server or from a folder."""
