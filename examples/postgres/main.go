// Command postgres is a function that links libpq, PostgreSQL's client library
// in C, and with it OpenSSL, Kerberos and LDAP. It runs one statement on the
// server that PGHOST and the like name, or without one tells libpq's version.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
)

type event struct {
	SQL string `json:"sql"`
}

type answer struct {
	Libpq string     `json:"libpq"`
	Rows  [][]string `json:"rows,omitempty"`
}

func handle(_ context.Context, e event) (answer, error) {
	v := libpqVersion()
	a := answer{Libpq: fmt.Sprintf("%d.%d", v/10000, v%10000)}
	if e.SQL == "" {
		return a, nil
	}
	var err error
	a.Rows, err = query(os.Getenv("PGCONNINFO"), e.SQL)
	return a, err
}

func main() { lambda.Start(handle) }
