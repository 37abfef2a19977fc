import socket


def get_lan_ip():
    return socket.gethostbyname(socket.gethostname())
