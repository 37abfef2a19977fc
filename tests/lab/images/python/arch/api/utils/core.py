import socket


def get_lan_ip() -> str:
    return socket.gethostbyname(socket.gethostname())
