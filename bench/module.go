package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// functionSource is one of many functions of a team: the same clients, another
// handler.
const functionSource = `package main

import (
	"context"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const name = %q

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		panic(err)
	}
	tables, objects := dynamodb.NewFromConfig(cfg), s3.NewFromConfig(cfg)
	lambda.Start(func(ctx context.Context, r events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		table, bucket := os.Getenv("TABLE"), os.Getenv("BUCKET")
		if _, err := tables.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &table}); err != nil {
			return events.APIGatewayV2HTTPResponse{}, err
		}
		if _, err := objects.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket}); err != nil {
			return events.APIGatewayV2HTTPResponse{}, err
		}
		return events.APIGatewayV2HTTPResponse{StatusCode: 200, Body: name + r.RawPath}, nil
	})
}
`

func functionName(i int) string { return fmt.Sprintf("f%02d", i+1) }

// generateModule writes the module of many functions. Its dependencies are
// those of examples/api, at the same versions.
func (b *bench) generateModule() (string, error) {
	dir := b.path("module")
	files := map[string]string{}
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(b.root, "examples", "api", name))
		if err != nil {
			return "", err
		}
		files[name] = string(data)
	}
	_, rest, _ := strings.Cut(files["go.mod"], "\n")
	files["go.mod"] = "module example.com/functions\n" + rest
	for i := range b.functions {
		files[filepath.Join(functionName(i), "main.go")] = fmt.Sprintf(functionSource, functionName(i))
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	return dir, nil
}
