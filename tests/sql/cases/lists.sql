-- The other names of functions of lists: what `arrays.sql` and `functions.sql` show is the same.

## data
weather,host=a,room=x temperature=1.5 1700000000000000000

## names that begin with array
SELECT array_cat([1], [2]) AS cat, array_contains([1, 2], 2) AS contains, array_empty([]) AS empty, array_extract([1, 2], 2) AS extract, array_indexof([1, 2], 2) AS indexof, array_join([1, 2], '-') AS join, array_push_back([1], 2) AS push_back, array_push_front(0, [1]) AS push_front, arrays_overlap([1, 2], [2]) AS overlap
----
+--------+----------+-------+---------+---------+------+-----------+------------+---------+
| cat    | contains | empty | extract | indexof | join | push_back | push_front | overlap |
+--------+----------+-------+---------+---------+------+-----------+------------+---------+
| [1, 2] | true     | true  | 2       | 2       | 1-2  | [1, 2]    | [0, 1]     | true    |
+--------+----------+-------+---------+---------+------+-----------+------------+---------+

## lists that are made
SELECT make_list(1, 2) AS made, list_repeat(1, 2) AS repeat, list_append([1], 2) AS append, list_push_back([1], 2) AS push_back, list_prepend(0, [1]) AS prepend, list_push_front(0, [1]) AS push_front, list_concat([1], [2]) AS concat, list_cat([1], [2]) AS cat, list_resize([1], 2, 9) AS resize, list_zip([1], ['a']) AS zip
----
+--------+--------+--------+-----------+---------+------------+--------+--------+--------+----------------+
| made   | repeat | append | push_back | prepend | push_front | concat | cat    | resize | zip            |
+--------+--------+--------+-----------+---------+------------+--------+--------+--------+----------------+
| [1, 2] | [1, 1] | [1, 2] | [1, 2]    | [0, 1]  | [0, 1]     | [1, 2] | [1, 2] | [1, 9] | [{1: 1, 2: a}] |
+--------+--------+--------+-----------+---------+------------+--------+--------+--------+----------------+

## lists and texts
SELECT string_to_list('a,b', ',') AS list, list_to_string([1, 2], '-') AS text, list_join([1, 2], '-') AS join
----
+--------+------+------+
| list   | text | join |
+--------+------+------+
| [a, b] | 1-2  | 1-2  |
+--------+------+------+

## parts of lists
SELECT list_element([1, 2], 2) AS element, list_extract([1, 2], 2) AS extract, list_any_value([NULL, 2]) AS any, list_pop_back([1, 2]) AS front, list_pop_front([1, 2]) AS back, list_slice([1, 2, 3], 2, 3) AS slice, list_compact([1, NULL]) AS compact, list_distinct([1, 1]) AS distinct, list_reverse([1, 2]) AS reverse
----
+---------+---------+-----+-------+------+--------+---------+----------+---------+
| element | extract | any | front | back | slice  | compact | distinct | reverse |
+---------+---------+-----+-------+------+--------+---------+----------+---------+
| 2       | 2       | 2   | [1]   | [2]  | [2, 3] | [1]     | [1]      | [2, 1]  |
+---------+---------+-----+-------+------+--------+---------+----------+---------+

## where elements are
SELECT list_has([1, 2], 2) AS has, list_contains([1, 2], 2) AS contains, list_has_all([1, 2], [1]) AS every, list_has_any([1, 2], [2]) AS some, list_position([1, 2], 2) AS position, list_indexof([1, 2], 2) AS indexof, list_positions([1, 2, 1], 1) AS positions, list_empty([1]) AS empty, list_length([1, 2]) AS length
----
+------+----------+-------+------+----------+---------+-----------+-------+--------+
| has  | contains | every | some | position | indexof | positions | empty | length |
+------+----------+-------+------+----------+---------+-----------+-------+--------+
| true | true     | true  | true | 2        | 2       | [1, 3]    | false | 2      |
+------+----------+-------+------+----------+---------+-----------+-------+--------+

## elements that are replaced or removed
SELECT list_replace([1, 1, 1], 1, 9) AS one, list_replace_n([1, 1, 1], 1, 9, 2) AS two, list_replace_all([1, 1, 1], 1, 9) AS every, list_remove([1, 1, 2], 1) AS less, list_remove_n([1, 1, 1, 2], 1, 2) AS fewer, list_remove_all([1, 1, 2], 1) AS none
----
+-----------+-----------+-----------+--------+--------+------+
| one       | two       | every     | less   | fewer  | none |
+-----------+-----------+-----------+--------+--------+------+
| [9, 1, 1] | [9, 9, 1] | [9, 9, 9] | [1, 2] | [1, 2] | [2]  |
+-----------+-----------+-----------+--------+--------+------+

## lists as sets
SELECT list_union([1], [2]) AS both, list_intersect([1, 2], [2]) AS shared, list_except([1, 2], [2]) AS rest, list_max([1, 3]) AS greatest, list_dims([1, 2]) AS dims, list_ndims([1]) AS ndims
----
+--------+--------+------+----------+------+-------+
| both   | shared | rest | greatest | dims | ndims |
+--------+--------+------+----------+------+-------+
| [1, 2] | [2]    | [1]  | 3        | [2]  | 1     |
+--------+--------+------+----------+------+-------+

## lists as numbers
SELECT list_sum([1, 2]) AS sum, list_product([2, 3]) AS product, list_avg([1, 2]) AS mean, list_add([1.0], [2.0]) AS plus, list_subtract([1.0], [3.0]) AS minus, list_scale([1.0], 3.0) AS scaled, list_normalize([3.0, 4.0]) AS unit, list_distance([0.0, 0.0], [3.0, 4.0]) AS distance
----
+-----+---------+------+-------+--------+--------+------------+----------+
| sum | product | mean | plus  | minus  | scaled | unit       | distance |
+-----+---------+------+-------+--------+--------+------------+----------+
| 3.0 | 6.0     | 1.5  | [3.0] | [-2.0] | [3.0]  | [0.6, 0.8] | 5.0      |
+-----+---------+------+-------+--------+--------+------------+----------+
