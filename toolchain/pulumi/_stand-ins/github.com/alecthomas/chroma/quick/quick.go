// Package quick stands in for the highlighting of code in the CLI's help texts.
package quick

import "io"

// Highlight writes code as it is.
func Highlight(w io.Writer, source, _, _, _ string) error {
	_, err := io.WriteString(w, source)
	return err
}
