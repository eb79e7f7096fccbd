// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Objects of any set, as the kernel sends them: one, or all in a dump. */
#include <errno.h>
#include <stdlib.h>

#include <linux/netlink.h>

#include "decode.h"
#include "internal.h"

/* A dump meets changes only now and then: more in a row would be a fault. */
#define DUMP_TRIES	16

struct collection {
	const struct attr_set *set;
	void **objs;
	size_t count;
};

static int collect(const void *attrs, size_t len, void *arg)
{
	struct collection *c = arg;
	void **bigger;
	void *obj;
	int ret;

	bigger = reallocarray(c->objs, c->count + 1, sizeof(*c->objs));
	if (!bigger)
		return -ENOMEM;
	c->objs = bigger;
	obj = malloc(c->set->size);
	if (!obj)
		return -ENOMEM;
	ret = vmswap_decode(c->set, attrs, len, obj);
	if (ret) {
		free(obj);
		return ret;
	}
	c->objs[c->count++] = obj;
	return 0;
}

void vmswap_object_free(const struct attr_set *set, void *obj)
{
	if (!obj)
		return;
	vmswap_release(set, obj);
	free(obj);
}

void vmswap_object_list_free(const struct attr_set *set, void **objs,
			     size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		vmswap_object_free(set, objs[i]);
	free(objs);
}

int vmswap_object_get(struct vmswap *h, uint8_t cmd,
		      const struct attr_set *set, const void *request,
		      void **obj)
{
	struct collection c = { .set = set };
	int ret;

	ret = vmswap_request(h, cmd, 0, set, request, collect, &c);
	if (!ret && c.count != 1) {
		vmswap_error_set(h, "the kernel sent %zu answers instead of one",
				 c.count);
		ret = -EBADMSG;
	}
	if (ret) {
		vmswap_object_list_free(set, c.objs, c.count);
		return ret;
	}
	*obj = c.objs[0];
	free(c.objs);
	return 0;
}

int vmswap_object_list(struct vmswap *h, uint8_t cmd,
		       const struct attr_set *set, void ***objs, size_t *count)
{
	struct collection c;
	int tries = 0;
	int ret;

	do {
		c = (struct collection){ .set = set };
		ret = vmswap_request(h, cmd, NLM_F_DUMP, set, NULL, collect,
				     &c);
		if (ret)
			vmswap_object_list_free(set, c.objs, c.count);
	} while (ret == -EINTR && ++tries < DUMP_TRIES);
	if (ret) {
		if (ret == -EINTR)
			vmswap_error_set(h, "the list changed all the time while it was read");
		return ret;
	}
	*objs = c.objs;
	*count = c.count;
	return 0;
}
