// Package table reads the rows of a dataset's files: JSON Lines, JSON, Parquet and lists of ids. It
// keeps the columns that name instances and images, and limits the time and memory that a file can
// take. It does not check values: packages families and dataset do.
package table
