package columns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/parquet/metadata"
)

// magic is at both ends of an unencrypted file.
const magic = "PAR1"

// readMetadata returns the file's metadata.
func readMetadata(r io.ReaderAt, size int64) (*metadata.FileMetaData, error) {
	data, err := readFooter(r, size)
	if err != nil {
		return nil, err
	}
	if err := checkMetadata(data); err != nil {
		return nil, fmt.Errorf("decoding metadata: %w", err)
	}
	decoded, err := metadata.NewFileMetaData(data, nil)
	if err != nil {
		return nil, fmt.Errorf("decoding metadata: %w", err)
	}
	decoded.SetSourceFileSize(size)
	return decoded, nil
}

// readFooter returns the encoded metadata. A file ends with the metadata, its length in 4 bytes,
// and the magic.
func readFooter(r io.ReaderAt, size int64) ([]byte, error) {
	var head [4]byte
	var tail [8]byte
	if size < int64(len(head)+len(tail)) {
		return nil, errors.New("the file is too short for Parquet")
	}
	if err := readAt(r, head[:], 0); err != nil {
		return nil, err
	}
	if err := readAt(r, tail[:], size-int64(len(tail))); err != nil {
		return nil, err
	}
	if string(head[:]) != magic || string(tail[4:]) != magic {
		return nil, fmt.Errorf("the file does not begin and end with %s", magic)
	}
	length := int64(binary.LittleEndian.Uint32(tail[:4]))
	if length > maxFooter || length > size-int64(len(head)+len(tail)) {
		return nil, fmt.Errorf("the file declares %d bytes of metadata", length)
	}
	data := make([]byte, length)
	return data, readAt(r, data, size-int64(len(tail))-length)
}

// The places of the schema in the metadata, and of the number of children in a schema element.
var (
	schemaPath   = []int16{2}
	childrenPath = []int16{2, 0, 5}
)

// checkMetadata returns an error if the metadata declares more than it holds. The schema is a tree
// in depth-first order: the declared children must equal the elements below its root.
func checkMetadata(data []byte) error {
	elements, children := int64(-1), int64(0)
	_, err := measure(data, func(path []int16, value int64) error {
		switch {
		case slices.Equal(path, schemaPath) && elements >= 0:
			return errors.New("the schema appears twice")
		case slices.Equal(path, schemaPath):
			elements = value
		case slices.Equal(path, childrenPath) && (value < 0 || value > elements):
			return fmt.Errorf("the schema has %d elements, and one declares %d children", elements, value)
		case slices.Equal(path, childrenPath):
			children += value
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case elements == 0:
		return errors.New("the schema is empty")
	case elements > maxSchema:
		return fmt.Errorf("the schema has %d elements: the maximum is %d", elements, maxSchema)
	case elements > 0 && children != elements-1:
		return fmt.Errorf("the schema has %d elements, and declares %d children", elements, children)
	}
	return nil
}

// readAt fills data, or fails.
func readAt(r io.ReaderAt, data []byte, offset int64) error {
	_, err := io.ReadFull(io.NewSectionReader(r, offset, int64(len(data))), data)
	return err
}
