// Package blob keeps what plugins store as files: content of any size, under keys.
//
// Owns: Store (put, get, list, delete, sweep), the order in which rows and content are written, Backend.
// Does not own: rows (store.Blobs), bytes on a disk (blob/local) or in a bucket (blob/s3), scopes (capability/blob).
// Flow: put: BeginBlob → backend writes and syncs → CommitBlob. delete: the row goes, its content becomes garbage;
// the sweep deletes garbage from the backend some minutes later, when nobody reads it any more.
// A process that dies between two steps leaves an upload, which the sweep gives up after an hour: nothing is lost, nothing leaks.
package blob
