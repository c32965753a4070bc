package workflow

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// Values replaces each expression `${{ … }}` of a text by its value. Of GitHub's expressions it
// knows texts, ||, &&, a key of fromJSON(…), format('{0}', …), and what is listed with its value;
// anything else is an error.
// https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
func Values(text string, values map[string]string) (string, error) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${{")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		expression, after, closed := strings.Cut(rest, "}}")
		if !closed {
			return "", fmt.Errorf("%q does not end", expression)
		}
		value, err := evaluate(expression, values)
		if err != nil {
			return "", err
		}
		out.WriteString(value)
		text = after
	}
}

var (
	literal  = regexp.MustCompile(`^'([^']*)'$`)
	keyOf    = regexp.MustCompile(`^fromJSON\((.*)\)\.([\w-]+)$`)
	formatOf = regexp.MustCompile(`^format\('\{0\}', (.*)\)$`)
)

func evaluate(expression string, values map[string]string) (string, error) {
	expression = strings.TrimSpace(expression)
	if value, known := values[expression]; known {
		return value, nil
	}
	if terms := split(expression, "||"); len(terms) > 1 {
		return first(terms, values, func(value string) bool { return value != "" })
	}
	if terms := split(expression, "&&"); len(terms) > 1 {
		return first(terms, values, func(value string) bool { return value == "" })
	}
	if match := literal.FindStringSubmatch(expression); match != nil {
		return match[1], nil
	}
	if match := formatOf.FindStringSubmatch(expression); match != nil {
		return evaluate(match[1], values)
	}
	if match := keyOf.FindStringSubmatch(expression); match != nil {
		text, err := evaluate(match[1], values)
		if err != nil {
			return "", err
		}
		var object map[string]string
		if err := json.Unmarshal([]byte(text), &object); err != nil {
			return "", fmt.Errorf("%s: %w", expression, err)
		}
		return object[match[2]], nil
	}
	return "", fmt.Errorf("%q has no value", expression)
}

// first is the value of the first term that decides, or else that of the last.
func first(terms []string, values map[string]string, decides func(value string) bool) (string, error) {
	var value string
	for _, term := range terms {
		var err error
		if value, err = evaluate(term, values); err != nil || decides(value) {
			return value, err
		}
	}
	return value, nil
}

// split splits an expression at an operator that is not in parentheses or quotes.
func split(expression, operator string) []string {
	var terms []string
	depth, quoted, start := 0, false, 0
	for i, char := range expression {
		switch {
		case char == '\'':
			quoted = !quoted
		case quoted:
		case char == '(':
			depth++
		case char == ')':
			depth--
		case depth == 0 && strings.HasPrefix(expression[i:], operator):
			terms = append(terms, expression[start:i])
			start = i + len(operator)
		}
	}
	return append(terms, expression[start:])
}
