/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vector-search: nearest neighbours among vectors in slow, large memory.
 *
 *   flat   FAISS, exact: every vector is read for every query, in order
 *   ivf    FAISS, the lists of the nearest clusters: some of the vectors, in long runs
 *   hnsw   hnswlib, a walk through a graph: few vectors, one depending on the other
 *
 * Each thread answers one query at a time, from its own offset in the same few hundred.  "recall"
 * is the part of the exact ten nearest that were found.  The data come from `vector-search make
 * DIR`.
 */
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>
#include <hnswlib/hnswlib.h>
#include <omp.h>

#include "bench.h"
#include "vectors.h"

namespace
{

using graph = hnswlib::HierarchicalNSW<float>;

const char *kind = "flat", *data_directory;
parameters params;
std::string directory;
uint64_t dimension, nr_vectors, nr_queries;
std::vector<float> queries;
std::vector<int32_t> truth;
std::unique_ptr<faiss::Index> index_faiss;
std::unique_ptr<hnswlib::L2Space> space;
std::unique_ptr<graph> index_hnsw;

void read_parameters()
{
	std::ifstream in(directory + "/parameters");
	std::string name;
	uint64_t value;

	while (in >> name >> value)
		params[name] = value;
	if (params["version"] != 1)
		throw std::runtime_error(directory +
					 " has no vectors: `vector-search make` makes them");
}

std::vector<int8_t> read_vectors(uint64_t nr)
{
	return read_array<int8_t>(directory + "/vectors", nr * dimension);
}

/* These return the size of what was loaded. */

uint64_t load_flat()
{
	auto index = std::make_unique<faiss::IndexFlatL2>(static_cast<faiss::idx_t>(dimension));
	uint64_t nr = params.at("flat-vectors");
	auto components = read_vectors(nr);

	index->add(static_cast<faiss::idx_t>(nr), floats(components.data(), nr * dimension).data());
	index_faiss = std::move(index);
	return nr * dimension * sizeof(float);
}

/* A list at a time, so that none grows and moves. */
void fill_lists(faiss::IndexIVFFlat &index, const std::vector<int8_t> &components,
		const std::vector<int32_t> &list_of)
{
	std::vector<std::vector<faiss::idx_t>> lists(index.nlist);
	std::vector<float> vector(dimension);

	for (size_t i = 0; i < list_of.size(); i++)
		lists.at(static_cast<size_t>(list_of[i])).push_back(static_cast<faiss::idx_t>(i));
	for (size_t list = 0; list < lists.size(); list++) {
		index.invlists->resize(list, lists[list].size());
		for (size_t k = 0; k < lists[list].size(); k++) {
			faiss::idx_t id = lists[list][k];

			to_floats(vector.data(), &components[static_cast<size_t>(id) * dimension],
				  dimension);
			index.invlists->update_entry(list, k, id,
						     reinterpret_cast<uint8_t *>(vector.data()));
		}
	}
	index.ntotal = static_cast<faiss::idx_t>(list_of.size());
}

uint64_t load_ivf()
{
	uint64_t nr_lists = params.at("ivf-lists");
	auto centroids = read_array<float>(directory + "/ivf-centroids", nr_lists * dimension);
	auto list_of = read_array<int32_t>(directory + "/ivf-lists", nr_vectors);
	auto *quantizer = new faiss::IndexFlatL2(static_cast<faiss::idx_t>(dimension));
	auto index = std::make_unique<faiss::IndexIVFFlat>(quantizer, dimension, nr_lists);

	index->own_fields = true;
	quantizer->add(static_cast<faiss::idx_t>(nr_lists), centroids.data());
	index->is_trained = true;
	index->nprobe = params.at("ivf-probes");
	fill_lists(*index, read_vectors(nr_vectors), list_of);
	index_faiss = std::move(index);
	return (nr_vectors + nr_lists) * dimension * sizeof(float) +
	       nr_vectors * sizeof(faiss::idx_t);
}

/*
 * The graph's memory as addPoint would have left it.  hnswlib's own file would be four times the
 * size, and it goes through it in tens of thousands of small steps.
 */
uint64_t load_hnsw()
{
	auto words = read_array<uint32_t>(directory + "/hnsw-graph", 0);
	auto components = read_vectors(nr_vectors);
	size_t at = 2, bytes = 0;
	auto take = [&](void *to, size_t size) {
		if (at + size / sizeof(uint32_t) > words.size())
			throw std::runtime_error(directory +
						 "/hnsw-graph is cut short: make it again");
		memcpy(to, &words[at], size);
		at += size / sizeof(uint32_t);
	};

	space = std::make_unique<hnswlib::L2Space>(dimension);
	index_hnsw = std::make_unique<graph>(space.get(), nr_vectors, params.at("hnsw-m"));
	graph &g = *index_hnsw;
	for (uint32_t i = 0; i < nr_vectors; i++) {
		int level;

		take(&level, sizeof(level));
		take(g.get_linklist0(i), g.size_links_level0_);
		to_floats(reinterpret_cast<float *>(g.getDataByInternalId(i)),
			  &components[i * dimension], dimension);
		g.setExternalLabel(i, i);
		g.element_levels_[i] = level;
		g.linkLists_[i] = nullptr;
		if (level) {
			size_t above = static_cast<size_t>(level) * g.size_links_per_element_;

			/* Searching looks at the word past the last link, to prefetch what it may
			 * mean. */
			g.linkLists_[i] = static_cast<char *>(calloc(1, above + sizeof(uint32_t)));
			if (!g.linkLists_[i])
				throw std::bad_alloc();
			take(g.linkLists_[i], above);
			bytes += above;
		}
	}
	g.cur_element_count = nr_vectors;
	g.enterpoint_node_ = words.at(0);
	g.maxlevel_ = static_cast<int>(words.at(1));
	g.setEf(params.at("hnsw-search"));
	return bytes + nr_vectors * g.size_data_per_element_;
}

uint64_t load()
{
	bool is_flat = !strcmp(kind, "flat");

	directory = data_directory;
	read_parameters();
	dimension = params.at("dimension");
	nr_vectors = params.at("vectors");
	nr_queries = params.at("queries");
	queries = floats(read_array<int8_t>(directory + "/queries", nr_queries * dimension).data(),
			 nr_queries * dimension);
	truth = read_array<int32_t>(directory + (is_flat ? "/truth-flat" : "/truth"),
				    nr_queries * neighbours);
	return is_flat ? load_flat() : !strcmp(kind, "ivf") ? load_ivf() : load_hnsw();
}

uint64_t setup(const bench_settings *)
{
	try {
		return load();
	} catch (const std::exception &e) {
		bench_fail("%s", e.what());
	}
}

/* What a thread will ask next. */
struct position {
	uint64_t next;
};

void begin(bench_worker *worker)
{
	omp_set_num_threads(1); /* of this thread's searches */
	worker->own = new position{worker->index * nr_queries / worker->nr};
}

const float *next_query(bench_worker *worker, const int32_t *&expected)
{
	auto *at = static_cast<position *>(worker->own);
	uint64_t query = at->next;

	at->next = query + 1 < nr_queries ? query + 1 : 0;
	expected = &truth[query * neighbours];
	return &queries[query * dimension];
}

void search_faiss(bench_worker *worker, bench_op *op)
{
	float distances[neighbours];
	faiss::idx_t found[neighbours];
	const int32_t *expected;
	const float *query = next_query(worker, expected);

	index_faiss->search(1, query, neighbours, distances, found);
	op->own[0] = right_answers(found, expected);
}

void search_hnsw(bench_worker *worker, bench_op *op)
{
	int64_t found[neighbours];
	const int32_t *expected;
	const float *query = next_query(worker, expected);
	auto best = index_hnsw->searchKnn(query, neighbours);

	for (int64_t &one : found) {
		one = best.empty() ? -1 : static_cast<int64_t>(best.top().second);
		if (!best.empty())
			best.pop();
	}
	op->own[0] = right_answers(found, expected);
}

void check(bench *bench, bench_settings *)
{
	if (!data_directory)
		bench_usage("--data DIR is needed: `vector-search make DIR` makes one");
	bench->variant = kind;
	bench->op = strcmp(kind, "hnsw") ? search_faiss : search_hnsw;
}

void fields(FILE *out, const tally *window)
{
	if (window->nr_ops)
		fprintf(out, ", \"recall\": %.4f",
			static_cast<double>(window->own[0]) /
				static_cast<double>(window->nr_ops * neighbours));
	else
		fprintf(out, ", \"recall\": null");
}

} // namespace

int main(int argc, char **argv)
{
	static const bench_option options[] = {
		{"index", BENCH_WORD, &kind, 0, 0, "flat|ivf|hnsw", "how it searches"},
		{"data", BENCH_TEXT, &data_directory, 0, 0, nullptr,
		 "directory made by `vector-search make`"},
		{},
	};
	bench workload = {};

	if (argc > 1 && !strcmp(argv[1], "make")) {
		argv[1] = argv[0];
		return make_vectors(argc - 1, argv + 1);
	}
	workload.workload = "vector-search";
	workload.unit = "queries";
	workload.options = options;
	workload.check = check;
	workload.setup = setup;
	workload.begin = begin;
	workload.fields = fields;
	bench_main(&workload, argc, argv);
}
