package status

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWhichAnswersRefuseForGood(t *testing.T) {
	for name, test := range map[string]struct {
		answer  Error
		refused bool
	}{
		"missing rights":                   {Error{Status: http.StatusForbidden}, true},
		"a request that it does not know":  {Error{Status: http.StatusMethodNotAllowed}, true},
		"not one that took too long":       {Error{Status: http.StatusRequestTimeout}, false},
		"not a limit, whatever its status": {Error{Status: http.StatusForbidden, Limited: true}, false},
		"not a full disk":                  {Error{Status: http.StatusForbidden, Full: true}, false},
		"not a fault of its own":           {Error{Status: http.StatusInternalServerError}, false},
		"not success":                      {Error{Status: http.StatusOK}, false},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.refused, Refused(&test.answer)) })
	}
}
