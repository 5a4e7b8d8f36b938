// Reads a file in Alloy's language with Alloy's own parser, and prints it formatted, or what it says as JSON.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/grafana/alloy/syntax/ast"
	"github.com/grafana/alloy/syntax/diag"
	"github.com/grafana/alloy/syntax/parser"
	"github.com/grafana/alloy/syntax/printer"
	"github.com/grafana/alloy/syntax/vm"
)

func main() {
	if len(os.Args) != 3 {
		fail(errors.New("usage: alloy-syntax format|values FILE"))
	}
	text, err := os.ReadFile(os.Args[2])
	if err != nil {
		fail(err)
	}
	file, err := parser.ParseFile(os.Args[2], text)
	if err != nil {
		fail(err)
	}
	switch os.Args[1] {
	case "format":
		err = format(os.Stdout, file)
	case "values":
		err = values(os.Stdout, file)
	default:
		err = fmt.Errorf("%q is neither format nor values", os.Args[1])
	}
	if err != nil {
		fail(err)
	}
}

// format ends with the line break that Alloy's formatter also adds to what the printer writes.
func format(out io.Writer, file *ast.File) error {
	if err := printer.Fprint(out, file); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out)
	return err
}

func values(out io.Writer, file *ast.File) error {
	statements, err := body(file.Body)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(statements)
}

func body(statements ast.Body) ([]any, error) {
	list := make([]any, 0, len(statements))
	for _, statement := range statements {
		switch statement := statement.(type) {
		case *ast.AttributeStmt:
			value, err := expression(statement.Value)
			if err != nil {
				return nil, err
			}
			list = append(list, map[string]any{"attribute": statement.Name.Name, "value": value})
		case *ast.BlockStmt:
			inner, err := body(statement.Body)
			if err != nil {
				return nil, err
			}
			block := map[string]any{"block": statement.GetBlockName(), "label": statement.Label, "body": inner}
			list = append(list, block)
		default:
			return nil, fmt.Errorf("a statement of an unknown type %T", statement)
		}
	}
	return list, nil
}

// expression is a value where nothing has to be running to know it, else the expression's text.
func expression(expr ast.Expr) (any, error) {
	switch expr := expr.(type) {
	case *ast.LiteralExpr:
		var value any
		err := vm.New(expr).Evaluate(nil, &value)
		return value, err
	case *ast.ArrayExpr:
		list := make([]any, 0, len(expr.Elements))
		for _, element := range expr.Elements {
			value, err := expression(element)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	case *ast.ObjectExpr:
		object := make(map[string]any, len(expr.Fields))
		for _, field := range expr.Fields {
			value, err := expression(field.Value)
			if err != nil {
				return nil, err
			}
			object[field.Name.Name] = value
		}
		return object, nil
	default:
		var text strings.Builder
		err := printer.Fprint(&text, expr)
		return map[string]any{"$expression": text.String()}, err
	}
}

// fail ends the program with a line for each thing that is wrong.
func fail(err error) {
	var all diag.Diagnostics
	if errors.As(err, &all) {
		for _, one := range all {
			fmt.Fprintln(os.Stderr, one)
		}
	} else {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(1)
}
