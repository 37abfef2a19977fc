"""KubeFATE's files, and the stack files that they become.

KubeFATE (github.com/FederatedAI/KubeFATE, its docker-deploy folder) is configured with two files of
shell variables, parties.conf and .env. Facts about them are from its scripts generate_config.sh and
docker_deploy.sh of v1.3.0, v1.11.2 and v2.0.0.
"""
