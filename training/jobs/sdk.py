"""All that talks to the SageMaker SDK, 1 GB, which training/requirements-launch.txt installs."""

from pathlib import Path

from boto3.session import Session

from training.jobs.job import Job, describe
from training.jobs.source_folder import ENTRY_SCRIPT, REQUIREMENTS

MISSING = "the SageMaker SDK is missing: python -m pip install -r training/requirements-launch.txt"
# The SDK reports its use to AWS unless it is told not to.
SILENT = {
    "SchemaVersion": "1.0",
    "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}},
}


def start(job: Job, source: Path, session: Session, *, wait: bool) -> str:
    """Upload the assembled `source`, start the job, return its name.

    `wait` shows its log until it ends. `session` is boto3's. Raises ValueError without the SDK.
    """
    try:
        from sagemaker.core.helper import session_helper  # noqa: PLC0415
        from sagemaker.core.training import configs  # noqa: PLC0415
        from sagemaker.train.model_trainer import ModelTrainer  # noqa: PLC0415
    except ImportError as error:
        raise ValueError(MISSING) from error
    words = describe(job)
    inputs = [configs.InputData(**words.pop("input_data_config"))]
    metrics = [configs.MetricDefinition(**metric) for metric in words.pop("metric_definitions")]
    requirements = REQUIREMENTS if (source / REQUIREMENTS).exists() else None
    trainer = ModelTrainer(
        sagemaker_session=session_helper.Session(
            session,
            default_bucket=job.bucket,
            default_bucket_prefix=job.prefix,
            sagemaker_config=SILENT,
        ),
        source_code=configs.SourceCode(
            source_dir=str(source), entry_script=ENTRY_SCRIPT, requirements=requirements
        ),
        compute=configs.Compute(**words.pop("compute")),
        stopping_condition=configs.StoppingCondition(**words.pop("stopping_condition")),
        checkpoint_config=configs.CheckpointConfig(**words.pop("checkpoint_config")),
        output_data_config=configs.OutputDataConfig(**words.pop("output_data_config")),
        **words,
    ).with_metric_definitions(metrics)
    trainer.train(input_data_config=inputs, wait=wait, logs=wait)
    return str(trainer._latest_training_job.training_job_name)
