/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Makes the data of vector-search, the same for the same parameters.
 *
 * Vectors are a mixture of Gaussians in few dimensions, embedded in many by a random matrix: as
 * embeddings of real things are, they have far fewer degrees of freedom than numbers.  Clusters
 * overlap.  (With independent noise in all dimensions all vectors of a cluster are about equally
 * far from each other, and an index is either perfect or useless.)
 *
 * All is written to a directory beside the one asked for and then renamed.
 */
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <sstream>

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>
#include <hnswlib/hnswlib.h>

#include "bench.h"
#include "draw.h"
#include "vectors.h"

namespace fs = std::filesystem;

namespace
{

using graph = hnswlib::HierarchicalNSW<float>;

constexpr uint64_t flat_components = 4000 * 768;

class mixture
{
      public:
	mixture(const parameters &p)
	    : dimension(p.at("dimension")), latent(p.at("latent")), nr_clusters(p.at("clusters")),
	      random(draw_stream(p.at("seed"), 1)), centres(nr_clusters * latent),
	      embedding(latent * dimension)
	{
		for (float &x : centres)
			x = normal();
		for (float &x : embedding)
			x = normal() / std::sqrt(static_cast<float>(latent));
	}

	std::vector<int8_t> take(uint64_t nr)
	{
		std::vector<int8_t> vectors(nr * dimension);

		for (uint64_t i = 0; i < nr; i++)
			fill(&vectors[i * dimension]);
		return vectors;
	}

      private:
	/* Box and Muller's, one of two. */
	float normal()
	{
		double radius = std::sqrt(-2 * std::log(1 - draw_unit(&random)));

		return static_cast<float>(radius * std::cos(2 * M_PI * draw_unit(&random)));
	}

	void fill(int8_t *vector)
	{
		const float *centre = &centres[draw_below(&random, nr_clusters) * latent];
		std::vector<float> sum(dimension);

		for (uint64_t j = 0; j < latent; j++) {
			float z = centre[j] + 0.9f * normal();

			for (uint64_t k = 0; k < dimension; k++)
				sum[k] += z * embedding[j * dimension + k];
		}
		for (uint64_t k = 0; k < dimension; k++)
			vector[k] = static_cast<int8_t>(
				std::lrint(std::clamp(sum[k] / component_unit, -127.0f, 127.0f)));
	}

	uint64_t dimension, latent, nr_clusters, random;
	std::vector<float> centres, embedding;
};

struct maker {
	const parameters &p;
	std::string to;
	std::vector<float> vectors, queries;

	uint64_t at(const char *name) const
	{
		return p.at(name);
	}

	std::vector<int32_t> answers(const faiss::Index &index) const
	{
		std::vector<float> distances(at("queries") * neighbours);
		std::vector<faiss::idx_t> found(distances.size());

		index.search(static_cast<faiss::idx_t>(at("queries")), queries.data(), neighbours,
			     distances.data(), found.data());
		return std::vector<int32_t>(found.begin(), found.end());
	}

	void say_recall(const char *name, const std::vector<int32_t> &found,
			const std::vector<int32_t> &truth) const
	{
		uint64_t right = 0;

		for (size_t i = 0; i < truth.size(); i += neighbours)
			right += right_answers(&found[i], &truth[i]);
		printf("%s: recall %.3f\n", name,
		       static_cast<double>(right) / static_cast<double>(truth.size()));
		fflush(stdout);
	}

	std::vector<int32_t> exact(uint64_t nr) const
	{
		faiss::IndexFlatL2 index(static_cast<faiss::idx_t>(at("dimension")));

		index.add(static_cast<faiss::idx_t>(nr), vectors.data());
		return answers(index);
	}

	void ivf(const std::vector<int32_t> &truth) const
	{
		auto dimension = static_cast<faiss::idx_t>(at("dimension"));
		auto nr = static_cast<faiss::idx_t>(at("vectors"));
		faiss::IndexFlatL2 quantizer(dimension);
		faiss::IndexIVFFlat index(&quantizer, static_cast<size_t>(dimension),
					  at("ivf-lists"));
		std::vector<faiss::idx_t> lists(at("vectors"));

		/* Enough for lists of about the same length. */
		index.cp.niter = 8;
		index.cp.max_points_per_centroid = 40;
		index.train(nr, vectors.data());
		quantizer.assign(nr, vectors.data(), lists.data());
		index.add_core(nr, vectors.data(), nullptr, lists.data());
		index.nprobe = at("ivf-probes");
		write_array(to + "/ivf-lists", std::vector<int32_t>(lists.begin(), lists.end()));
		write_array(
			to + "/ivf-centroids",
			std::vector<float>(quantizer.get_xb(),
					   quantizer.get_xb() + at("ivf-lists") * at("dimension")));
		say_recall("ivf", answers(index), truth);
	}

	/* Entry point and highest level; then for each vector its level, its links in the lowest,
	 * and those above, a block each. */
	void write_graph(const graph &index) const
	{
		std::vector<uint32_t> words = {index.enterpoint_node_,
					       static_cast<uint32_t>(index.maxlevel_)};
		auto add = [&](const void *from, size_t bytes) {
			auto *block = static_cast<const uint32_t *>(from);

			words.insert(words.end(), block, block + bytes / sizeof(*block));
		};

		for (uint32_t i = 0; i < at("vectors"); i++) {
			int level = index.element_levels_[i];

			words.push_back(static_cast<uint32_t>(level));
			add(index.get_linklist0(i), index.size_links_level0_);
			for (int above = 1; above <= level; above++)
				add(index.get_linklist(i, above), index.size_links_per_element_);
		}
		write_array(to + "/hnsw-graph", words);
	}

	/* By one thread: with more, the order of insertion and so the graph would be another each
	 * time. */
	void hnsw(const std::vector<int32_t> &truth) const
	{
		hnswlib::L2Space space(at("dimension"));
		graph index(&space, at("vectors"), at("hnsw-m"), at("hnsw-construction"));
		std::vector<int32_t> found;

		for (uint64_t i = 0; i < at("vectors"); i++)
			index.addPoint(&vectors[i * at("dimension")], i);
		write_graph(index);
		index.setEf(at("hnsw-search"));
		for (uint64_t i = 0; i < at("queries"); i++) {
			auto best = index.searchKnn(&queries[i * at("dimension")], neighbours);

			for (; !best.empty(); best.pop())
				found.push_back(static_cast<int32_t>(best.top().second));
		}
		say_recall("hnsw", found, truth);
	}

	void all()
	{
		std::vector<int32_t> truth;
		std::vector<int8_t> components;
		mixture source(p);

		components = source.take(at("vectors"));
		vectors = floats(components.data(), components.size());
		write_array(to + "/vectors", components);
		components = source.take(at("queries"));
		queries = floats(components.data(), components.size());
		write_array(to + "/queries", components);
		truth = exact(at("vectors"));
		write_array(to + "/truth", truth);
		write_array(to + "/truth-flat", exact(at("flat-vectors")));
		ivf(truth);
		hnsw(truth);
	}
};

std::string text_of(const parameters &p)
{
	std::ostringstream text;

	for (const auto &[name, value] : p)
		text << name << ' ' << value << '\n';
	return text.str();
}

bool is_there(const std::string &directory, const std::string &text)
{
	std::ifstream in(directory + "/parameters");
	std::ostringstream found;

	found << in.rdbuf();
	return in && found.str() == text;
}

void make(const std::string &directory, const parameters &p)
{
	std::string text = text_of(p), fresh = directory + ".tmp", old = directory + ".old";

	if (is_there(directory, text)) {
		printf("%s is there already\n", directory.c_str());
		return;
	}
	fs::remove_all(fresh);
	fs::create_directories(fresh);
	maker{p, fresh, {}, {}}.all();
	std::ofstream(fresh + "/parameters") << text;
	if (!is_there(fresh, text))
		throw std::runtime_error(fresh + "/parameters cannot be written");
	fs::remove_all(old);
	if (fs::exists(directory))
		fs::rename(directory, old);
	fs::rename(fresh, directory);
	fs::remove_all(old);
}

} // namespace

int make_vectors(int argc, char **argv)
{
	parameters p = {
		{"version", 1},	  {"vectors", 20000},  {"dimension", 768},
		{"seed", 1},	  {"clusters", 300},   {"latent", 32},
		{"queries", 200}, {"ivf-lists", 128},  {"ivf-probes", 8},
		{"hnsw-m", 16},	  {"hnsw-search", 32}, {"hnsw-construction", 80},
	};
	const bench_option options[] = {
		{"vectors", BENCH_NUMBER, &p["vectors"], 6000, 100000000, nullptr, "how many"},
		{"dimension", BENCH_NUMBER, &p["dimension"], 32, 4096, nullptr, "of each"},
		{"seed", BENCH_NUMBER, &p["seed"], 0, UINT64_MAX, nullptr, "of all that is random"},
		{},
	};
	int rest = bench_options(options, nullptr, "make DIR [OPTION...]", argc, argv);

	if (argc - rest != 1)
		bench_usage("make takes one directory (--help)");
	/* As many bytes of any dimension: every one of them is read for every query. */
	p["flat-vectors"] = std::min(p["vectors"], flat_components / p["dimension"]);
	try {
		std::string directory = argv[rest];

		while (directory.size() > 1 && directory.back() == '/')
			directory.pop_back();
		make(directory, p);
	} catch (const std::exception &e) {
		bench_fail("make %s: %s", argv[rest], e.what());
	}
	return 0;
}
