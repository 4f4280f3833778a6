"""The JSB chorales benchmark in its standard split."""
