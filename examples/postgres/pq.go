package main

/*
#cgo pkg-config: libpq
#include <stdlib.h>
#include <libpq-fe.h>
*/
import "C"

import (
	"errors"
	"strings"
	"unsafe"
)

// libpqVersion returns the version of libpq that is loaded, as in 150000.
func libpqVersion() int { return int(C.PQlibVersion()) }

// query connects, runs one statement and returns the rows as text.
func query(conninfo, sql string) ([][]string, error) {
	info, stmt := C.CString(conninfo), C.CString(sql)
	defer C.free(unsafe.Pointer(info))
	defer C.free(unsafe.Pointer(stmt))

	conn := C.PQconnectdb(info)
	defer C.PQfinish(conn)
	if C.PQstatus(conn) != C.CONNECTION_OK {
		return nil, errors.New(strings.TrimSpace(C.GoString(C.PQerrorMessage(conn))))
	}
	res := C.PQexec(conn, stmt)
	defer C.PQclear(res)
	if C.PQresultStatus(res) != C.PGRES_TUPLES_OK {
		return nil, errors.New(strings.TrimSpace(C.GoString(C.PQresultErrorMessage(res))))
	}
	rows := make([][]string, C.PQntuples(res))
	for r := range rows {
		rows[r] = make([]string, C.PQnfields(res))
		for c := range rows[r] {
			rows[r][c] = C.GoString(C.PQgetvalue(res, C.int(r), C.int(c)))
		}
	}
	return rows, nil
}
