package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// mutation is one change of one file: text replaces the bytes from start to end.
type mutation struct {
	file       string // relative to the module
	line       int
	function   string // that has the place
	kind       string // what the change does, such as "negate"
	was        string // what stands there, in one line
	start, end int
	text       string
}

// key identifies a mutation as long as the code around it stays, even if lines move.
func (m mutation) key() key { return key{m.file, m.function, m.kind, m.was} }

type key struct{ file, function, kind, was string }

// apply returns the source with the change.
func (m mutation) apply(source []byte) []byte {
	changed := append([]byte{}, source[:m.start]...)
	changed = append(changed, m.text...)
	return append(changed, source[m.end:]...)
}

// mutate lists the changes of a file. Some of them do not compile.
func mutate(file string, source []byte) ([]mutation, error) {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var all []mutation
	for _, declaration := range parsed.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok || function.Body == nil {
			continue
		}
		m := &mutator{set: set, file: file, source: source, function: nameOf(function)}
		ast.Inspect(function.Body, m.visit)
		all = append(all, m.found...)
	}
	return all, nil
}

// nameOf returns a function's name, with its receiver's type.
func nameOf(function *ast.FuncDecl) string {
	if function.Recv == nil {
		return function.Name.Name
	}
	of := function.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	if generic, ok := of.(*ast.IndexExpr); ok {
		of = generic.X
	}
	if name, ok := of.(*ast.Ident); ok {
		return name.Name + "." + function.Name.Name
	}
	return function.Name.Name
}

// mutator finds the changes of one function.
type mutator struct {
	set      *token.FileSet
	file     string
	source   []byte
	function string
	found    []mutation
}

// operators maps an operator to those that it is confused with.
var operators = map[token.Token]token.Token{
	token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR,
	token.ADD: token.SUB, token.SUB: token.ADD, token.MUL: token.QUO, token.QUO: token.MUL,
}

func (m *mutator) visit(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.IfStmt:
		m.decide(n.Cond)
	case *ast.ForStmt:
		if n.Cond != nil {
			m.replace("never", n.Cond, "false && ("+m.at(n.Cond)+")")
		}
	case *ast.SwitchStmt:
		m.cases(n)
	case *ast.BinaryExpr:
		m.binary(n)
	case *ast.BlockStmt:
		m.statements(n.List)
	case *ast.CaseClause:
		m.statements(n.Body)
	case *ast.CommClause:
		m.statements(n.Body)
	}
	return true
}

// decide makes a condition always true, or always false.
func (m *mutator) decide(condition ast.Expr) {
	m.replace("always", condition, "true || ("+m.at(condition)+")")
	m.replace("never", condition, "false && ("+m.at(condition)+")")
}

// cases decides each condition of a switch without a value, and drops each value of the others.
func (m *mutator) cases(n *ast.SwitchStmt) {
	for _, clause := range n.Body.List {
		for _, value := range clause.(*ast.CaseClause).List {
			if n.Tag == nil {
				m.decide(value)
			}
		}
		if values := clause.(*ast.CaseClause).List; n.Tag != nil && len(values) > 1 {
			for i := 1; i < len(values); i++ {
				before := m.set.Position(values[i-1].End()).Offset
				m.add("delete", values[i], before, m.set.Position(values[i].End()).Offset, "")
			}
		}
	}
}

// binary decides either side of a logical operator, and replaces other operators with similar ones.
func (m *mutator) binary(n *ast.BinaryExpr) {
	if n.Op == token.LAND || n.Op == token.LOR {
		neutral := map[token.Token]string{token.LAND: "true || ", token.LOR: "false && "}[n.Op]
		for _, side := range []ast.Expr{n.X, n.Y} {
			m.replace("drop operand", side, "("+neutral+"("+m.at(side)+"))")
		}
		return
	}
	if other, ok := operators[n.Op]; ok {
		start := m.set.Position(n.OpPos).Offset
		m.add("operator", n, start, start+len(n.Op.String()), other.String())
	}
}

// statements deletes each statement that could be forgotten. It keeps the computation of an
// assigned value: otherwise its variables would be unused, which does not compile.
func (m *mutator) statements(list []ast.Stmt) {
	for _, statement := range list {
		switch s := statement.(type) {
		case *ast.ExprStmt, *ast.IncDecStmt, *ast.DeferStmt, *ast.SendStmt:
			m.replace("delete", s, "")
		case *ast.AssignStmt:
			if isForgotten(s) { // To keep the computation would change nothing.
				m.replace("delete", s, "")
			} else if s.Tok != token.DEFINE {
				values := m.source[m.set.Position(s.Rhs[0].Pos()).Offset:m.set.Position(s.End()).Offset]
				m.replace("delete", s, strings.Repeat("_, ", len(s.Lhs)-1)+"_ = "+string(values))
			}
		case *ast.BranchStmt:
			if s.Tok == token.CONTINUE || s.Tok == token.BREAK {
				m.replace("delete", s, "")
			}
		}
	}
}

// isForgotten reports whether an assignment forgets all that it computes.
func isForgotten(s *ast.AssignStmt) bool {
	return !slices.ContainsFunc(s.Lhs, func(to ast.Expr) bool {
		name, ok := to.(*ast.Ident)
		return !ok || name.Name != "_"
	})
}

func (m *mutator) replace(kind string, node ast.Node, text string) {
	m.add(kind, node, m.set.Position(node.Pos()).Offset, m.set.Position(node.End()).Offset, text)
}

func (m *mutator) add(kind string, shown ast.Node, start, end int, text string) {
	m.found = append(m.found, mutation{
		file: m.file, line: m.set.Position(shown.Pos()).Line, function: m.function, kind: kind,
		was: oneLine(m.at(shown)), start: start, end: end, text: text,
	})
}

// at returns the source of a node.
func (m *mutator) at(node ast.Node) string {
	return string(m.source[m.set.Position(node.Pos()).Offset:m.set.Position(node.End()).Offset])
}

// oneLine returns source as one line.
func oneLine(source string) string {
	const most = 100
	line := strings.Join(strings.Fields(source), " ")
	if len(line) > most {
		return line[:most] + "…"
	}
	return line
}

// String describes the place and the change for people.
func (m mutation) String() string {
	return fmt.Sprintf("%s:%d: %s: %s: %s", m.file, m.line, m.function, m.kind, m.was)
}
