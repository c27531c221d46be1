@rem "npm start" begins with exec, so that a POSIX shell leaves no process of its own between npm and the server:
@rem signals reach the server then. Windows has no such word; there it is this file.
@%*
