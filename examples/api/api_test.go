package main

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// memory stands in for the table and for the bucket.
type memory map[string]map[string]types.AttributeValue

func (m memory) GetItem(_ context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return &dynamodb.GetItemOutput{Item: m[in.Key["id"].(*types.AttributeValueMemberS).Value]}, nil
}

func (m memory) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	m[in.Item["id"].(*types.AttributeValueMemberS).Value] = in.Item
	return &dynamodb.PutItemOutput{}, nil
}

func (m memory) PresignGetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.PresignOptions)) (*v4.PresignedHTTPRequest, error) {
	return &v4.PresignedHTTPRequest{URL: "https://example.com/" + *in.Key}, nil
}

func TestNotes(t *testing.T) {
	m := memory{}
	a := &api{items: m, links: m}
	for _, step := range []struct {
		method, body string
		status       int
		want         string
	}{
		{http.MethodGet, "", 404, "no such note"},
		{http.MethodPut, "{", 400, "not a note"},
		{http.MethodPut, `{"text":"milk"}`, 200, "milk"},
		{http.MethodGet, "", 200, "https://example.com/1"},
		{http.MethodDelete, "", 405, "GET or PUT"},
	} {
		r := events.APIGatewayV2HTTPRequest{Body: step.body, PathParameters: map[string]string{"id": "1"}}
		r.RequestContext.HTTP.Method = step.method
		got, err := a.handle(t.Context(), r)
		if err != nil || got.StatusCode != step.status || !strings.Contains(got.Body, step.want) {
			t.Errorf("%s %s: %d %s, %v; want %d with %q", step.method, step.body, got.StatusCode, got.Body, err, step.status, step.want)
		}
	}
}
