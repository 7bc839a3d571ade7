-- Functions of lists, each by its first name; `lists.sql` has the other names.

## data
weather,host=a,room=x temperature=1.5 1700000000000000000

## sums and products
SELECT array_sum([1, 2, NULL]) AS sum, array_product([2, 3, NULL]) AS product, array_avg([1, 2, NULL]) AS mean, array_min([3, 1, NULL]) AS least, array_sum([]) AS none, array_avg(make_array(CAST(NULL AS INT))) AS nulls
----
+-----+---------+------+-------+------+-------+
| sum | product | mean | least | none | nulls |
+-----+---------+------+-------+------+-------+
| 3.0 | 6.0     | 1.5  | 1     |      |       |
+-----+---------+------+-------+------+-------+

## vectors
SELECT array_add([1.0, 2.0], [3.0, 4.0]) AS plus, array_subtract([1.0, 2.0], [3.0, 5.0]) AS minus, array_scale([1.0, 2.0], 3.0) AS scaled, array_normalize([3.0, 4.0]) AS unit, array_distance([0.0, 0.0], [3.0, 4.0]) AS distance, inner_product([1.0, 2.0], [3.0, 4.0]) AS inner, dot_product([1.0, 2.0], [3.0, 4.0]) AS dot, round(cosine_distance([1.0, 0.0], [0.0, 1.0]), 6) AS cosine
----
+------------+--------------+------------+------------+----------+-------+------+--------+
| plus       | minus        | scaled     | unit       | distance | inner | dot  | cosine |
+------------+--------------+------------+------------+----------+-------+------+--------+
| [4.0, 6.0] | [-2.0, -3.0] | [3.0, 6.0] | [0.6, 0.8] | 5.0      | 11.0  | 11.0 | 1.0    |
+------------+--------------+------------+------------+----------+-------+------+--------+

## vectors of different lengths
SELECT array_add([1.0, 2.0], [3.0])
----
InvalidError: Execution error: array_add requires both list inputs to have the same length per row, got 2 and 1 at row 0

## parts of lists
SELECT array_element([1, 2, 3], 2) AS second, array_element([1, 2, 3], -1) AS last, array_element([1], 5) AS beyond, array_any_value([NULL, 2, 3]) AS any, array_pop_back([1, 2, 3]) AS front, array_pop_front([1, 2, 3]) AS back, array_resize([1], 3, 9) AS longer, array_resize([1, 2, 3], 2) AS shorter, array_compact([1, NULL, 2]) AS compact
----
+--------+------+--------+-----+--------+--------+-----------+---------+---------+
| second | last | beyond | any | front  | back   | longer    | shorter | compact |
+--------+------+--------+-----+--------+--------+-----------+---------+---------+
| 2      | 3    |        | 2   | [1, 2] | [2, 3] | [1, 9, 9] | [1, 2]  | [1, 2]  |
+--------+------+--------+-----+--------+--------+-----------+---------+---------+

## where elements are
SELECT array_positions([1, 2, 1], 1) AS places, array_has_all([1, 2, 3], [1, 3]) AS every, array_has_any([1, 2], [2, 9]) AS some, array_has_any([1, 2], [9]) AS no
----
+--------+-------+------+-------+
| places | every | some | no    |
+--------+-------+------+-------+
| [1, 3] | true  | true | false |
+--------+-------+------+-------+

## elements that are replaced
SELECT array_replace([1, 2, 1, 1], 1, 9) AS one, array_replace_n([1, 2, 1, 1], 1, 9, 2) AS two, array_replace_all([1, 2, 1, 1], 1, 9) AS every
----
+--------------+--------------+--------------+
| one          | two          | every        |
+--------------+--------------+--------------+
| [9, 2, 1, 1] | [9, 2, 9, 1] | [9, 2, 9, 9] |
+--------------+--------------+--------------+

## elements that are removed
SELECT array_remove_n([1, 2, 1, 1], 1, 2) AS two, array_remove_all([1, 2, 1, 1], 1) AS every, array_remove_all([1, NULL, 2], 1) AS kept
----
+--------+-------+-------+
| two    | every | kept  |
+--------+-------+-------+
| [2, 1] | [2]   | [, 2] |
+--------+-------+-------+

## dimensions
SELECT array_dims([[1, 2, 3], [4, 5, 6]]) AS dims, array_ndims([[1], [2]]) AS two, array_ndims([1]) AS one
----
+--------+-----+-----+
| dims   | two | one |
+--------+-----+-----+
| [2, 3] | 2   | 1   |
+--------+-----+-----+

## lists side by side
SELECT arrays_zip([1, 2], ['a', 'b']) AS pairs, arrays_zip([1, 2], ['a']) AS shorter
----
+------------------------------+-----------------------------+
| pairs                        | shorter                     |
+------------------------------+-----------------------------+
| [{1: 1, 2: a}, {1: 2, 2: b}] | [{1: 1, 2: a}, {1: 2, 2: }] |
+------------------------------+-----------------------------+

## lists of columns
SELECT array_sum([level, 1]) AS sum, array_has_all([host, room], ['a', 'x']) AS both, array_element([host, room], 2) AS room FROM (SELECT 5 AS level, host, room FROM weather)
----
+-----+------+------+
| sum | both | room |
+-----+------+------+
| 6.0 | true | x    |
+-----+------+------+
