using System.Globalization;

namespace EvidenceVault.Portal.Pages;

/// <summary>A day as people type it: three fields (GOV.UK date input).</summary>
/// <param name="Legend">What day it is.</param>
/// <param name="Day">Day of the month.</param>
/// <param name="Month">Month, 1 to 12.</param>
/// <param name="Year">Year.</param>
/// <param name="Error">What is wrong with it.</param>
public sealed record DayField(string Legend, string? Day, string? Month, string? Year, string? Error)
{
    /// <summary>A day as entries have it, <c>2027-03-27</c>, as people write it: 27 March 2027. Pure.</summary>
    public static string Told(string day) => DateOnly.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly read) ? read.ToString("d MMMM yyyy", CultureInfo.InvariantCulture) : day;

    /// <summary>Reads it; what is wrong is a sentence. Pure.</summary>
    /// <param name="today">The last day that it can be.</param>
    /// <param name="day">The day.</param>
    public string? WhyNot(DateOnly today, out DateOnly day)
    {
        day = default;
        bool reads = int.TryParse(Year?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int year) && int.TryParse(Month?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int month)
            && int.TryParse(Day?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int of) && year is > 1999 and < 10000 && month is >= 1 and <= 12 && of >= 1 && of <= DateTime.DaysInMonth(year, month)
            && (day = new(year, month, of)) != default;
        return !reads ? "Enter a real day, such as 27 3 2027" : day > today ? "The day must be today or in the past" : null;
    }
}
