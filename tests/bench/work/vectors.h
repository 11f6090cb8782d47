/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The data of vector-search: what `vector-search make` writes into a directory and a search reads
 * from it.
 *
 *   parameters      what they were made with, a name and a number a line
 *   vectors         one after the other; a byte a component, in sixteenths
 *   queries         likewise
 *   truth           for each query the numbers of its nearest vectors, exactly; 32 bits each
 *   truth-flat      the same among those of the flat index, which has fewer
 *   ivf-centroids   floats: the middle of each list
 *   ivf-lists       for each vector its list; 32 bits each
 *   hnsw-graph      the links (see load_hnsw); 32 bits each
 *
 * Components are small whole numbers by construction, so that files are a quarter of the indexes: a
 * virtual machine reads its host's files at some ten megabytes a second.  What is costly to make,
 * the lists and the graph, is in the files; the indexes themselves are put together from it in
 * memory.
 */
#ifndef BENCH_VECTORS_H
#define BENCH_VECTORS_H

#include <cstdint>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

constexpr uint64_t neighbours = 10;
constexpr float component_unit = 1.0f / 16;

using parameters = std::map<std::string, uint64_t>;

template <typename T> void write_array(const std::string &path, const std::vector<T> &values)
{
	std::ofstream out(path, std::ios::binary);

	out.write(reinterpret_cast<const char *>(values.data()),
		  static_cast<std::streamsize>(values.size() * sizeof(T)));
	out.close();
	if (!out)
		throw std::runtime_error(path + " cannot be written");
}

/* The first so many; 0: all. */
template <typename T> std::vector<T> read_array(const std::string &path, size_t nr)
{
	std::ifstream in(path, std::ios::binary | std::ios::ate);

	if (!nr && in)
		nr = static_cast<size_t>(in.tellg()) / sizeof(T);
	std::vector<T> values(nr);
	in.seekg(0);
	in.read(reinterpret_cast<char *>(values.data()),
		static_cast<std::streamsize>(nr * sizeof(T)));
	if (!in)
		throw std::runtime_error(path + " is not what its parameters say: make it again");
	return values;
}

/* By a table: where the processor is emulated, a conversion takes many times as long. */
inline void to_floats(float *values, const int8_t *components, size_t nr)
{
	static const std::vector<float> table = [] {
		std::vector<float> made(256);

		for (int i = -128; i < 128; i++)
			made[static_cast<uint8_t>(i)] = static_cast<float>(i) * component_unit;
		return made;
	}();
	const float *const value_of = table.data();

	for (size_t i = 0; i < nr; i++)
		values[i] = value_of[static_cast<uint8_t>(components[i])];
}

inline std::vector<float> floats(const int8_t *components, size_t nr)
{
	std::vector<float> values(nr);

	to_floats(values.data(), components, nr);
	return values;
}

/* The number of right answers among `found`. */
template <typename T> uint64_t right_answers(const T *found, const int32_t *truth)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < neighbours; i++)
		for (size_t k = 0; k < neighbours; k++)
			nr += static_cast<int64_t>(found[i]) == truth[k];
	return nr;
}

/* `vector-search make DIR [OPTION...]`; argv begins with the program's name and goes on after
 * "make". */
int make_vectors(int argc, char **argv);

#endif
