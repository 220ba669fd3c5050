"""From frontend/ to a site: which files, under which names, with which headers, on S3 alone or behind CloudFront."""
