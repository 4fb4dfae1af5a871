// Command hello is the smallest function: an event in, a greeting out.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

type event struct {
	Name string `json:"name"`
}

type answer struct {
	Greeting string `json:"greeting"`
}

func greet(_ context.Context, e event) (answer, error) {
	if e.Name == "" {
		e.Name = "world"
	}
	return answer{Greeting: "hello, " + e.Name}, nil
}

func main() { lambda.Start(greet) }
