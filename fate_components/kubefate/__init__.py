"""KubeFATE's files, and the stack files that they become.

KubeFATE (github.com/FederatedAI/KubeFATE, its docker-deploy folder) is configured with two files of
shell variables, parties.conf and .env. Facts about them are from these files and from its scripts
generate_config.sh and docker_deploy.sh of all tags from v1.3.0 to v2.0.0, and from the deployer in
FATE 2.2.0's own repository (deploy/docker-compose), which is made of them.
"""
