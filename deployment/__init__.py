"""What the deploy scripts share: packages, CloudFormation stacks, settings, prices."""
