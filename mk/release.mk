# make help, install, uninstall and dist.
