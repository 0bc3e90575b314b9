/* post: brings news from other threads into the loop's. */

#include <stdlib.h>

#include "agent/post.h"

struct post {
	uv_async_t wake;
	uv_mutex_t lock; /* guards first and last */
	struct post_item *first, **last;
	void (*closed)(void *context);
	void *context;
};

static struct post_item *
take_all(struct post *p)
{
	struct post_item *first;

	uv_mutex_lock(&p->lock);
	first = p->first;
	p->first = NULL;
	p->last = &p->first;
	uv_mutex_unlock(&p->lock);
	return first;
}

/* libuv may make one wake-up of several sends, so all items are taken. */
static void
on_wake(uv_async_t *wake)
{
	struct post_item *item = take_all(wake->data);

	while (item != NULL) {
		struct post_item *next = item->next;

		item->run(item->context);
		item = next;
	}
}

enum err
post_open(struct post **out, uv_loop_t *loop)
{
	struct post *p = calloc(1, sizeof *p);

	if (p == NULL)
		return ERR_NOMEM;
	p->last = &p->first;
	p->wake.data = p;
	if (uv_mutex_init(&p->lock) != 0)
		goto free_post;
	if (uv_async_init(loop, &p->wake, on_wake) != 0)
		goto destroy_lock;
	*out = p;
	return ERR_OK;

destroy_lock:
	uv_mutex_destroy(&p->lock);
free_post:
	free(p);
	return ERR_NOMEM;
}

void
post_send(struct post *p, struct post_item *item)
{
	item->next = NULL;
	uv_mutex_lock(&p->lock);
	*p->last = item;
	p->last = &item->next;
	uv_mutex_unlock(&p->lock);
	(void)uv_async_send(&p->wake); /* fails for no live handle */
}

static void
on_closed(uv_handle_t *handle)
{
	struct post *p = handle->data;
	void (*closed)(void *context) = p->closed;
	void *context = p->context;

	uv_mutex_destroy(&p->lock);
	free(p);
	closed(context);
}

void
post_close(struct post *p, void (*closed)(void *context), void *context)
{
	p->closed = closed;
	p->context = context;
	uv_close((uv_handle_t *)&p->wake, on_closed);
}
