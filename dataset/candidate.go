package dataset

import (
	"cmp"
	"fmt"
)

// candidate is a row on its way to an instance.
type candidate struct {
	id      string
	image   string // empty until nameImages
	dropped bool   // the family leaves the row out; neither id nor image is checked
	row     Row
}

// identify returns a candidate for each row, with a checked id.
func identify(rows []Row, family Family) ([]candidate, error) {
	candidates := make([]candidate, len(rows))
	for i, row := range rows {
		c := candidate{dropped: family.drops(row), row: row}
		var err error
		if c.id, err = family.instanceID(row); err == nil {
			err = CheckID(c.id)
		}
		if err != nil && !c.dropped {
			return nil, malformed(row.Position, idColumn, "%v", cmp.Or(row.needText(idColumn), err))
		}
		candidates[i] = c
	}
	return candidates, nil
}

// countDropped returns how many candidates the family leaves out.
func countDropped(candidates []candidate) (count int) {
	for _, c := range candidates {
		if c.dropped {
			count++
		}
	}
	return count
}

// nameImages names the official images. Two rows of one id must agree on the image, or
// the result would depend on the order of the rows.
func nameImages(candidates []candidate, opts Options) error {
	images := make(map[string]string, len(candidates))
	for i := range candidates {
		c := &candidates[i]
		if c.dropped {
			continue
		}
		var err error
		if c.image, err = officialImage(*c, opts); err != nil {
			return err
		}
		if known, seen := images[c.id]; seen && known != c.image {
			return malformed(c.row.Position, idColumn, "instance %s has two official images, %s and %s", c.id, known, c.image)
		}
		images[c.id] = c.image
	}
	return nil
}

// distinct returns the first candidate of each id, without those that the family
// leaves out.
func distinct(candidates []candidate) []candidate {
	seen := make(map[string]bool, len(candidates))
	kept := make([]candidate, 0, len(candidates))
	for _, c := range candidates {
		if !c.dropped && !seen[c.id] {
			seen[c.id] = true
			kept = append(kept, c)
		}
	}
	return kept
}

// officialImage returns the checked reference of the candidate's official image.
func officialImage(c candidate, opts Options) (string, error) {
	image, column, err := nameImage(c, opts)
	if err == nil {
		if err = CheckReference(image); err != nil && opts.Template != "" {
			err = fmt.Errorf("from the image template: %w", err)
		}
	}
	if err != nil {
		return "", malformed(c.row.Position, column, "%v", err)
	}
	return image, nil
}

// nameImage returns the reference as template, row or family write it, and the
// column that decided it.
func nameImage(c candidate, opts Options) (image, column string, err error) {
	if opts.Template != "" {
		return opts.Template.expand(c, opts)
	}
	return ruledImage(c, opts.Family)
}

// ruledImage returns the reference without a template: the family's, if it has a
// column of its own for that, or else the row's own, or else the family's.
func ruledImage(c candidate, family Family) (image, column string, err error) {
	column = cmp.Or(family.ImageColumn, idColumn)
	byColumn := family.ImageColumn != ""
	if blank := isBlank(c.row.text(column)); blank || !byColumn {
		if image, own := c.row.ownImage(); image != "" {
			return image, own, nil
		}
		if blank && byColumn {
			return "", column, cmp.Or(c.row.needText(column),
				fmt.Errorf("the column is missing or blank, and family %s names images from it", family.Name))
		}
	}
	image, err = family.image(c.id, c.row)
	return image, column, err
}
