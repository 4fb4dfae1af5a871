// Command api is a function of ordinary size: an HTTP API of notes, which keeps
// each in DynamoDB and its attachment in S3.
package main

import (
	"context"
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatalf("loading the AWS configuration: %v", err)
	}
	notes := &api{
		table:  os.Getenv("NOTES_TABLE"),
		bucket: os.Getenv("NOTES_BUCKET"),
		items:  dynamodb.NewFromConfig(cfg),
		links:  s3.NewPresignClient(s3.NewFromConfig(cfg)),
	}
	lambda.Start(notes.handle)
}
