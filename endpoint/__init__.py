"""A model artefact becomes a SageMaker endpoint: checks, archive, rollout, scaling. Entry: deploy_endpoint.py."""
