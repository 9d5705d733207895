/*
 * PHP inside another program, as FrankenPHP and Apache's worker have it: embed FILE ROUNDS THREADS REQUESTS
 *
 * In each round PHP starts in this process, runs FILE in THREADS threads at once, REQUESTS times in each, and is shut
 * down again. FILE gets $round, $thread and $request, and returns "ok". A PHP without threads has one thread: this one.
 * What the file returned instead, and what is left of threads and file descriptors, is said on standard error.
 */
#include <dirent.h>
#include <pthread.h>
#include <sapi/embed/php_embed.h>

static const char *file;
static int the_round, requests;
static int failures; /* changed by __atomic_add_fetch */

static void failed(int thread, int request, const char *what)
{
	fprintf(stderr, "round %d, thread %d, request %d: %s\n", the_round, thread, request, what);
	__atomic_add_fetch(&failures, 1, __ATOMIC_SEQ_CST);
}

static void *work(void *argument)
{
	int thread = (int) (intptr_t) argument;
#ifdef ZTS
	ts_resource(0);
#endif
	for (int request = 1; request <= requests; request++) {
		if (php_request_startup() == FAILURE) {
			failed(thread, request, "the request does not start");
			break;
		}
		SG(headers_sent) = 1;
		SG(request_info).no_headers = 1;
		zend_first_try {
			char code[4096];
			zval result;
			snprintf(code, sizeof code, "(static fn($round, $thread, $request) => require '%s')(%d, %d, %d)", file, the_round, thread, request);
			ZVAL_UNDEF(&result);
			if (zend_eval_string_ex(code, &result, "embed", 1) == FAILURE || Z_TYPE(result) != IS_STRING) {
				failed(thread, request, "nothing returned");
			} else if (strcmp(Z_STRVAL(result), "ok") != 0) {
				failed(thread, request, Z_STRVAL(result));
			}
			zval_ptr_dtor(&result);
		} zend_catch {
			failed(thread, request, "it ended early");
		} zend_end_try();
		php_request_shutdown(NULL);
	}
#ifdef ZTS
	if (thread > 0) ts_free_thread();
#endif
	return NULL;
}

static int entries(const char *folder)
{
	int count = 0;
	DIR *dir = opendir(folder);
	while (dir && readdir(dir)) count++;
	if (dir) closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	if (argc != 5) return 2;
	file = argv[1];
	int rounds = atoi(argv[2]), threads = atoi(argv[3]);
	requests = atoi(argv[4]);
	int descriptors = entries("/proc/self/fd");

	for (the_round = 1; the_round <= rounds; the_round++) {
		if (php_embed_init(1, argv) == FAILURE) {
			fprintf(stderr, "PHP does not start\n");
			return 1;
		}
		/* It starts in a request, and is shut down in one. In between there are those of the threads. */
		php_request_shutdown(NULL);
#ifdef ZTS
		pthread_t ids[threads];
		for (int n = 0; n < threads; n++) pthread_create(&ids[n], NULL, work, (void *) (intptr_t) (n + 1));
		for (int n = 0; n < threads; n++) pthread_join(ids[n], NULL);
#else
		threads = 1;
		work(0);
#endif
		php_request_startup();
		php_embed_shutdown();
		if (entries("/proc/self/task") != 3) failed(0, 0, "a thread is left");
		if (entries("/proc/self/fd") != descriptors) failed(0, 0, "a file descriptor is left");
	}
	printf("%d rounds, %d threads, %d requests in each: %d failures\n", rounds, threads, requests, failures);
	return failures != 0;
}
