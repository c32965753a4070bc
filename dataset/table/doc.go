// Package table reads the rows of a dataset's files: JSON Lines, JSON, Parquet and lists
// of ids. It keeps the columns that name instances and images, and limits what a file
// can take of time and memory. It checks no value: packages families and dataset do.
package table
