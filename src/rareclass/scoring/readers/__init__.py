"""Trees of each library as `FlatTrees`. What reads may import the library; what scores does not."""
