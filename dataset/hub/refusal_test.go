package hub

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/datasettest"
	"dagger/eval-images/dataset/hub/hubtest"
)

// TestARefusalQuotesTheHubAndSaysWhatToDo: the hub's answers, and the text for the user.
func TestARefusalQuotesTheHubAndSaysWhatToDo(t *testing.T) {
	const restricted = "Access to dataset o/n is restricted"
	refuse := func(status int, code, message string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { hubtest.Refuse(w, status, code, message) }
	}
	body := func(status int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(text))
		}
	}
	tests := map[string]struct {
		answer  http.HandlerFunc
		token   string
		says    string
		advice  string // where PAGE stands for that of the dataset
		retried bool
	}{
		"a gated dataset": {
			refuse(401, "GatedRepo", restricted+". You must have access to it and be authenticated to access it. Please log in."), "",
			`the hub answers 401 Unauthorized: "` + restricted + `. You must have access to it and be authenticated to access it. Please log in."`,
			"Request access on PAGE, and pass a token of that user with --hub-token", false,
		},
		"a gated dataset, by the code alone": {
			refuse(403, "GatedRepo", "Ask first."), "", `the hub answers 403 Forbidden: "Ask first."`,
			"Request access on PAGE, and pass a token of that user with --hub-token", false,
		},
		"a gated dataset, without a code": {
			body(401, `{"error": "`+restricted+`. You must be authenticated to access it."}`), "",
			`the hub answers 401 Unauthorized: "` + restricted + `. You must be authenticated to access it."`,
			"Request access on PAGE, and pass a token of that user with --hub-token", false,
		},
		"a gated dataset, with the token of somebody else": {
			refuse(403, "GatedRepo", restricted+" and you are not in the authorized list."), stranger,
			`the hub answers 403 Forbidden: "` + restricted + ` and you are not in the authorized list."`,
			"Request access on PAGE as the user of --hub-token; the token must be allowed to read gated datasets", false,
		},
		"a gated dataset, without a code, with the token of somebody else": {
			body(403, `{"error": "`+restricted+` and you are not in the authorized list."}`), stranger,
			`the hub answers 403 Forbidden: "` + restricted + ` and you are not in the authorized list."`,
			"Request access on PAGE as the user of --hub-token; the token must be allowed to read gated datasets", false,
		},
		"another answer with the words of a gated dataset": {
			body(410, `{"error": "`+restricted+`."}`), "", `the hub answers 410 Gone: "` + restricted + `."`, "", false,
		},
		"a dataset that does not exist, or is private": {
			refuse(401, "RepoNotFound", "Invalid username or password."), "",
			`the hub answers 401 Unauthorized: "Invalid username or password."`,
			"Check the name in --dataset. A private dataset needs --hub-token", false,
		},
		"the same, by the status alone": {
			body(401, "please log in\n"), "", "the hub answers 401 Unauthorized", "Check the name in --dataset. A private dataset needs --hub-token", false,
		},
		"the same, by the code alone": {
			refuse(403, "RepoNotFound", "Not here."), "", `the hub answers 403 Forbidden: "Not here."`,
			"Check the name in --dataset. A private dataset needs --hub-token", false,
		},
		"the same, of a mirror": {
			body(404, "not found\n"), "", "the hub answers 404 Not Found", "Check the name in --dataset. A private dataset needs --hub-token", false,
		},
		"the same, with a token": {
			refuse(404, "RepoNotFound", "Repository not found"), stranger, `the hub answers 404 Not Found: "Repository not found"`,
			"Check the name in --dataset, and that the user of --hub-token may read it", false,
		},
		"an invalid token": {
			refuse(401, "", "Invalid credentials in Authorization header"), "hf_mistyped",
			`the hub answers 401 Unauthorized: "Invalid credentials in Authorization header"`, "Check --hub-token: the hub rejects it", false,
		},
		"an invalid token, in the hub's other words": {
			body(401, `{"error": "Invalid username or password."}`), "hf_mistyped",
			`the hub answers 401 Unauthorized: "Invalid username or password."`, "Check --hub-token: the hub rejects it", false,
		},
		"a token that may not do this": {
			body(403, `{"error": ["This token has no permission to read contents"]}`), stranger,
			`the hub answers 403 Forbidden: "This token has no permission to read contents"`, "Check that --hub-token is allowed to read this dataset", false,
		},
		"a revision that does not exist": {
			refuse(404, "RevisionNotFound", "Invalid rev id: v9"), "", `the hub answers 404 Not Found: "Invalid rev id: v9"`,
			"Check --revision: the commits are on PAGE/commits/main", false,
		},
		"a file that does not exist": {refuse(404, "EntryNotFound", "Entry not found"), "", `the hub answers 404 Not Found: "Entry not found"`, "", false},
		"a dataset that is disabled": {
			refuse(403, "", "Access to this resource is disabled."), "", `the hub answers 403 Forbidden: "Access to this resource is disabled."`, "", false,
		},
		"a limit": {
			body(429, `{"error": "We had to rate limit your IP."}`), "", `tried 5 times: the hub answers 429 Too Many Requests: "We had to rate limit your IP."`,
			"Try again in some minutes, or pass --hub-token: users have a higher limit", true,
		},
		"a limit for users": {body(429, ""), stranger, "tried 5 times: the hub answers 429 Too Many Requests", "Try again in some minutes", true},
		"a dataset without Parquet": {
			body(501, `{"error": "The dataset viewer is not available for this dataset."}`), "",
			`the hub answers 501 Not Implemented: "The dataset viewer is not available for this dataset."`,
			"Download the dataset and pass its file with --dataset-file", false,
		},
		"an error of the hub": {
			body(500, ""), "", "tried 5 times: the hub answers 500 Internal Server Error",
			"Try again later; https://status.huggingface.co reports outages", true,
		},
		"an outage, with a proxy's page": {
			body(502, "<html><body>Bad gateway</body></html>"), "", "tried 5 times: the hub answers 502 Bad Gateway",
			"Try again later; https://status.huggingface.co reports outages", true,
		},
		"words in a header alone": {
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Error-Message", "Not today.")
				w.WriteHeader(http.StatusGone)
			}, "", `the hub answers 410 Gone: "Not today."`, "", false,
		},
		"errors in a list":           {body(400, `{"errors": [{"message": "one"}, {"message": "two"}]}`), "", `the hub answers 400 Bad Request: "one; two"`, "", false},
		"a status that nobody knows": {body(599, ""), "", "tried 5 times: the hub answers 599", "Try again later; https://status.huggingface.co reports outages", true},
	}
	for what, test := range tests {
		t.Run(what, func(t *testing.T) {
			bed := newTestbed(t)
			bed.client.Token = test.token
			for range attempts {
				bed.Fail(test.answer)
			}
			_, _, err := bed.read(t, Part{Name: "o/n", Split: "test"})
			require.EqualError(t, err, "dataset o/n: "+test.says)
			assert.Equal(t, strings.ReplaceAll(test.advice, "PAGE", string(bed.client.Address)+"/datasets/o/n"), Advice(err))
			assert.Equal(t, test.retried, len(bed.waited) > 0)
			assert.NoError(t, datasettest.Shown(err))
		})
	}
	t.Run("of other errors nothing is known", func(t *testing.T) {
		assert.Empty(t, Advice(errors.New("something else")))
		assert.Empty(t, Advice(nil))
	})
}

// TestAStoragesAnswerIsNotTheHubs: users cannot fix an expired signature.
func TestAStoragesAnswerIsNotTheHubs(t *testing.T) {
	bed := newTestbed(t)
	bed.client.Token = reader
	bed.Commit("o/n", "main", hubtest.Files{"test.jsonl": lines("a")})
	bed.Fail(nil, nil, func(w http.ResponseWriter, _ *http.Request) {
		hubtest.Refuse(w, http.StatusNotFound, "RepoNotFound", "https://storage.example/?Signature=signed-5e11")
	})
	_, _, err := bed.read(t, Part{Name: "o/n", Split: "test"})
	require.EqualError(t, err, "dataset o/n: downloading test.jsonl: the hub's storage answers 404 Not Found")
	assert.Empty(t, Advice(err))

	bed.waited = nil
	bed.Fail(nil)
	for range attempts {
		bed.Fail(nil, hangUp)
	}
	var reports []string
	bed.client.Report = func(line string) { reports = append(reports, line) }
	_, _, err = bed.read(t, Part{Name: "o/n", Split: "test"})
	require.ErrorContains(t, err, "downloading test.jsonl: tried 5 times: no complete answer: EOF")
	require.Len(t, reports, attempts-1)
	assert.NotContains(t, err.Error()+reports[0], "signed-5e11", "an address of the storage opens the file")
}

// TestHostileWordsOfAHubAreShownEscaped: a mirror may send anything.
func TestHostileWordsOfAHubAreShownEscaped(t *testing.T) {
	for what, value := range datasettest.Hostile {
		t.Run(what, func(t *testing.T) {
			text, err := json.Marshal(value)
			require.NoError(t, err)
			answers := map[string]http.HandlerFunc{
				"an error": func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(http.StatusTeapot)
					_, _ = w.Write([]byte(`{"error": ` + string(text) + `}`))
				},
				"a commit": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"sha": ` + string(text) + `}`)) },
				"a config": func(w http.ResponseWriter, _ *http.Request) {
					_, _ = w.Write([]byte(`{"sha": "` + strings.Repeat("a", 40) + `", "siblings": [{"rfilename": "a.jsonl"}],
						"cardData": {"configs": [{"config_name": ` + string(text) + `, "data_files": "a.jsonl"}]}}`))
				},
				"a split": func(w http.ResponseWriter, _ *http.Request) {
					_, _ = w.Write([]byte(`{"sha": "` + strings.Repeat("a", 40) + `", "siblings": [{"rfilename": "a.jsonl"}],
						"cardData": {"configs": [{"config_name": "b", "data_files": [{"split": ` + string(text) + `, "path": "a.jsonl"}]}]}}`))
				},
				"no answer": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(value)) },
				"another form": func(w http.ResponseWriter, _ *http.Request) {
					_, _ = w.Write([]byte(`[` + string(text) + `]`))
				},
				"a broken header": func(w http.ResponseWriter, _ *http.Request) {
					connection, _, err := w.(http.Hijacker).Hijack()
					if assert.NoError(t, err) {
						_, _ = connection.Write([]byte("HTTP/1.1 200 OK\r\nX " + value + "\r\n\r\n"))
						_ = connection.Close()
					}
				},
				"a redirect": func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Location", "ftp://"+value)
					w.WriteHeader(http.StatusFound)
				},
			}
			for name, answer := range answers {
				bed := newTestbed(t)
				for range attempts {
					bed.Fail(answer)
				}
				_, _, err := bed.read(t, Part{Name: "o/n", Split: "test"})
				require.Error(t, err, name)
				assert.NoError(t, datasettest.Shown(err), name)
			}
		})
	}
}

// TestAHostileDatasetsFilesAreOnTheHub: anybody can choose a dataset's file names.
func TestAHostileDatasetsFilesAreOnTheHub(t *testing.T) {
	for what, value := range datasettest.Hostile {
		t.Run(what, func(t *testing.T) {
			text, err := json.Marshal(value + ".jsonl")
			require.NoError(t, err)
			bed := newTestbed(t)
			bed.Fail(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte(`{"sha": "` + strings.Repeat("a", 40) + `", "siblings": [{"rfilename": ` + string(text) + `}],
					"cardData": {"configs": [{"config_name": "default", "data_files": "**"}]}}`))
			})
			_, _, err = bed.read(t, Part{Name: "o/n", Split: "train"})
			require.Error(t, err)
			require.NoError(t, datasettest.Shown(err))
			asked := regexp.MustCompile(`^/datasets/o/n/resolve/a{40}/[^?#]+\.jsonl$`)
			for _, request := range bed.Requests()[1:] {
				if !strings.HasPrefix(request.URL.Path, "/api/") {
					assert.Regexp(t, asked, request.URL.EscapedPath())
					assert.NotContains(t, request.URL.Path, "/../")
					assert.Empty(t, request.URL.RawQuery)
				}
			}
		})
	}
}
