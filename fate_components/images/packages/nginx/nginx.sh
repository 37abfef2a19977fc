#!/bin/sh
# Runs nginx with the prefix and configuration of federatedai/nginx.
exec /usr/sbin/nginx -p /data/projects/fate/proxy/nginx/ -c conf/nginx.conf "$@"
