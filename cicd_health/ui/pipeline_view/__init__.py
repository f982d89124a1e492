"""The page of one pipeline as text, from one PipelineReport. Plain Python."""
