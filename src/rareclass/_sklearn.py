"""The single door to differences between scikit-learn versions. One reason a line."""
