#include <numeric>
#include <sstream>
#include <vector>

// What it uses is in libstdc++.so, not in its headers alone.
extern "C" int sum(int n) {
	std::vector<int> ones(n, 1);
	std::stringstream text;
	text << std::accumulate(ones.begin(), ones.end(), 0);
	int result = 0;
	text >> result;
	return result;
}
